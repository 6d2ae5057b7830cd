"""Prints the files of installed distributions and of all that they require: closure.py NAME..."""

import importlib.metadata
import re
import sys

found, wanted = set(), sys.argv[1:]
while wanted:
    name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
    if name in found:
        continue
    found.add(name)
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files:
        print(file)
    for requirement in distribution.requires or []:
        needed, _, condition = requirement.partition(";")
        if "extra" not in condition and not re.search(r"python_version *<|platform_system|sys_platform|implementation", condition):
            wanted.append(re.match(r"[\w.-]+", needed)[0])
