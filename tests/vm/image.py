# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The initramfs that the virtual machine boots: an archive of programs of this machine, the shared
libraries they need, kernel modules, and the guest's script."""
import os
import re
import subprocess


class Image:
    """A cpio archive ("newc"), written in one pass."""

    def __init__(self, path):
        self.out = open(path, "wb")
        self.inode = 0
        self.known = {"/"}

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        name = name.lstrip("/").encode() + b"\0"
        numbers = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % n for n in numbers) + name
        self.out.write(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))

    def folder(self, path):
        if path not in self.known:
            self.known.add(path)
            self.folder(os.path.dirname(path))
            self._entry(path, 0o40755)

    def file(self, path, source):
        """A file of this machine, under another path or the same one; once."""
        if path in self.known:
            return
        self.folder(os.path.dirname(path))
        self.known.add(path)
        with open(source, "rb") as f:
            self._entry(path, 0o100755, f.read())

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self._entry(path, 0o120777, target.encode())

    def console(self):
        """Where the kernel lets /init write."""
        self.folder("/dev")
        self._entry("/dev/console", 0o20600, device=(5, 1))

    def program(self, path, source):
        """An executable and the libraries it is linked to, these where it looks for them."""
        self.file(path, source)
        told = subprocess.run(["ldd", source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False).stdout.decode()
        for library in re.findall(r"(/\S+) \(0x", told):
            self.file(library, library)

    def close(self):
        self.inode = 0
        self._entry("TRAILER!!!", 0)
        self.out.close()


def needed_modules(tree, names):
    """The files of these modules below the kernel's module tree, in the order of loading. What is
    in none of the files is built into the kernel."""
    files = {}
    for folder, _, entries in os.walk(tree):
        for entry in entries:
            if entry.endswith(".ko"):
                files[entry[:-3].replace("-", "_")] = os.path.join(folder, entry)
    order = []

    def need(name):
        path = files.get(name.replace("-", "_"))
        if not path or path in order:
            return
        with open(path, "rb") as f:
            depends = re.search(rb"\0depends=([^\0]*)\0", f.read())
        for other in depends.group(1).decode().split(",") if depends else ():
            need(other)
        order.append(path)

    for name in names:
        need(name)
    return order
