# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A virtual machine with Debian's kernel, under qemu without hardware's help: boots, runs the
guest's script to its end, and gives what the script left."""
import glob
import os
import re
import shutil
import subprocess
import tarfile
import time

from image import Image, needed_modules
from lib import ROOT, RSTAT, WORKLOADS, skip

HERE = os.path.dirname(os.path.abspath(__file__))
QEMU = "qemu-system-x86_64"
MODULES = ("virtio_pci", "virtio_blk", "sch_netem", "veth", "dummy")
TOOLS = ("tc", "mkfs.ext4")  # of this machine, in the guest; busybox has others of the same names
OUT_BYTES = 256 << 20
SLOW_BYTES = 64 << 20
PLAIN_BYTES = 16 << 20
SLOW_IOPS = 20
# KVM is not asked for: where the machine is itself a virtual one it may be there and not work. One
# thread for all CPUs: with more, qemu before 8.1 may go on executing an instruction that the kernel
# has patched meanwhile, and recording patches many (a CPU then hangs in int3 for ever).
ACCEL = os.environ.get("RSTAT_VM_ACCEL", "tcg,thread=single")


def kernel():
    """(vmlinuz, module tree), as tests/vm/fetch left them."""
    tree = f"{ROOT}/build/vm/kernel"
    for tool in (QEMU, "busybox", *TOOLS):
        if not shutil.which(tool):
            skip(f"{tool} is not installed (make deps)")
    found = glob.glob(f"{tree}/boot/vmlinuz-*"), glob.glob(f"{tree}/lib/modules/*")
    if not os.path.exists(f"{tree}/complete") or not all(found):
        skip("no kernel for the virtual machine (make deps)")
    return found[0][0], found[1][0]


def build_image(path, modules):
    image = Image(path)
    image.console()
    image.file("/init", f"{HERE}/guest")
    image.program("/bin/busybox", shutil.which("busybox"))
    image.link("/bin/sh", "busybox")
    image.program("/bin/rstat", RSTAT)
    for tool in TOOLS:
        image.program(f"/tools/{tool}", shutil.which(tool))
    for program in glob.glob(f"{WORKLOADS}/*"):
        if os.access(program, os.X_OK):
            image.program(f"/workloads/{os.path.basename(program)}", program)
    for library in glob.glob("/lib/*/libgcc_s.so.1"):
        image.file(library, library)  # pthread_exit() loads it
    files = needed_modules(modules, MODULES)
    for module in files:
        image.file(f"/modules/{os.path.basename(module)}", module)
    with open("order", "w", encoding="utf-8") as f:
        f.writelines(os.path.basename(module) + "\n" for module in files)
    image.file("/modules/order", "order")
    image.close()


def disk(name, size, *options):
    with open(name, "wb") as f:
        f.truncate(size)
    drive = ",".join((f"if=none,id={name},file={name},format=raw,cache=writeback", *options))
    return ["-drive", drive, "-device", f"virtio-blk-pci,drive={name},serial={name}"]


def boot(seconds):
    """Boots in the working directory; afterwards out/ is the guest's. Returns (console, problem):
    problem is None when the guest came to its end within the time."""
    vmlinuz, modules = kernel()
    build_image("initramfs", modules)
    argv = [QEMU, "-accel", ACCEL, "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-serial", "file:console",
            "-kernel", vmlinuz, "-initrd", "initramfs",
            "-append", "console=ttyS0 panic=-1 quiet tsc=reliable",
            *disk("out.disk", OUT_BYTES),
            *disk("slow.disk", SLOW_BYTES, f"throttling.iops-total={SLOW_IOPS}"),
            *disk("plain.disk", PLAIN_BYTES)]
    problem = None
    with open("qemu.log", "wb") as log:
        qemu = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            if qemu.wait(seconds):
                problem = f"qemu ended with {qemu.returncode}"
        except subprocess.TimeoutExpired:
            problem = f"not done after {seconds} s"
        finally:
            if qemu.poll() is None:
                qemu.kill()
            qemu.wait()
    console = ""
    for name in ("qemu.log", "console"):
        if os.path.exists(name):
            with open(name, encoding="utf-8", errors="replace") as f:
                console += f.read()
    if not problem and not re.search(r"^vm: \S+ done", console, re.M):
        problem = "the guest did not come to its end"
    try:
        with tarfile.open("out.disk") as tar:
            tar.extractall("out")
    except tarfile.TarError as why:
        problem = problem or f"what the guest left: {why}"
    return console, problem
