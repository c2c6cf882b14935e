# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# shellcheck shell=bash
# Sourced by the lint scripts: where they stand and which files are ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# need TOOL: a tool that is not there is a skip, by name.
need() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed (make deps)"
	exit 77
}

# sources NAME_GLOB...: files of ours below the top, generated ones left out.
sources() {
	local args=() glob
	for glob; do
		args+=(-o -name "$glob")
	done
	find . -path './build*' -prune -o -path ./.git -prune -o -type f \( "${args[@]:1}" \) -print |
		sed 's|^\./||' | sort
}
