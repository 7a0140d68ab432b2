"""Generated logs, made once, with what was meant by them."""

import subprocess

RECORDS_A_FILE = 250_000


class Logs:
    """Files of one delivery and size below a folder, and the counts that a right answer has."""

    def __init__(self, folder, generate, delivery, records):
        self.records, self.delivery = records, delivery
        self.folder = folder / f"{delivery}-{records}"
        meant = self.folder / "meant.txt"
        if not meant.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            files = -(-records // RECORDS_A_FILE)
            asked = ["--delivery", delivery, "--records", str(records), "--files", str(files), "--out", str(self.folder)]
            told = subprocess.run([generate, *asked], check=True, capture_output=True, text=True).stdout
            meant.write_text(told)
        self.source, self.topology = self.folder / "AWSLogs", self.folder / "topology.json"
        self.files = sorted(str(file) for file in self.source.rglob("*.log.*"))
        self._read(meant.read_text())

    def _read(self, told):
        head, table = told.split("vantage path", 1)
        sizes = {name.strip(): int(number) for name, number in (line.rsplit(None, 1) for line in head.strip().splitlines())}
        self.nodata, self.rejected = sizes["nodata"], sizes["rejected"]
        self.text_bytes, self.stored_bytes = sizes["text bytes"], sizes["stored"]
        # A NAT gateway's two legs have one path.
        self.meant = {}
        for line in table.strip().splitlines()[1:]:
            answer, flows, nbytes = line.rsplit(None, 2)
            answer = answer.strip().replace("nat (outside leg)", "nat via-nat")
            before = self.meant.get(answer, (0, 0))
            self.meant[answer] = (before[0] + int(flows), before[1] + int(nbytes))

    def complaint(self, records, nodata, rejected, by_answer):
        """What is wrong with an answer, if anything."""
        expected = (self.records, self.nodata, self.rejected, self.meant)
        got = (records, nodata, rejected, {answer: tuple(sums) for answer, sums in by_answer.items()})
        return None if got == expected else f"a wrong answer: {got}\nexpected: {expected}"
