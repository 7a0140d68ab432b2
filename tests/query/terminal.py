"""Runs a command on a terminal of its own: terminal.py LINES_JSON COMMAND…; each line is typed at a prompt; prints what was shown."""

import json
import os
import pty
import re
import sys

lines, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
shown = b""
for line in lines + [None]:
    while line is not None and b"flowproof> " not in shown.rsplit(b"\n", 1)[-1]:
        shown += os.read(terminal, 65536)
    if line is None:
        break
    shown += b"\n"
    os.write(terminal, line.encode())
try:
    while piece := os.read(terminal, 65536):
        shown += piece
except OSError:
    pass  # the terminal is gone when the command has ended
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
sys.stdout.write(text.replace("\r", "\n"))
sys.exit(code)
