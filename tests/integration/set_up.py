# SPDX-License-Identifier: Apache-2.0
"""What tests of whole nodes begin with: a folder, and in it a federation whose operator's node runs."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests" / "vectors")]
from federation import Federation  # noqa: E402

DATA = ROOT / "deploy" / "demo-data"
OPERATOR = "0188:8000020130001"


class WithPrograms(unittest.TestCase):
    programs = None  # the folder of meguri-node, meguri and evil-node

    @classmethod
    def begin(cls, clean_up):
        """The folder, the federation and its operator; `clean_up` takes what is to be called at the end."""
        temporary = tempfile.TemporaryDirectory(prefix="meguri-test-")
        clean_up(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        federation = Federation(cls.programs, folder)
        clean_up(federation.stop)
        return folder, federation, federation.start_operator(OPERATOR, "運営", "Operator")


class FederationTest(WithPrograms):
    """A federation of its own for each test."""

    def setUp(self):
        self.folder, self.federation, self.operator = self.begin(self.addCleanup)


class SharedFederationTest(WithPrograms):
    """One federation for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.folder, cls.federation, cls.operator = cls.begin(cls.addClassCleanup)


def run():
    """Runs the tests of the program; its first argument is the folder of the programs."""
    WithPrograms.programs = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
