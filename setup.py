"""Packs what the checkout holds now; everything else about the package is in pyproject.toml.

setuptools builds in the folder build/, which stays in the checkout, and packs what it finds there: modules that an
older version left would be installed with a newer one.
"""

import shutil

from setuptools import setup
from setuptools.command.build_py import build_py


class CleanBuild(build_py):
    """Begins with an empty folder."""

    def run(self) -> None:
        """Build the modules."""
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(cmdclass={"build_py": CleanBuild})
