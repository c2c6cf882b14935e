// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What every page begins and ends with. */
#include "replay/html/page_style.h"

/* clang-format off: lines of other languages */
const char page_style[] =
	":root{--ink:#222;--paper:#fff;--line:#ddd;--soft:#777;--bar:#cfe3f7;--run:#4b8fd0;--other:#b9b9b9;"
	"--gap:#e0a030;--wait:#c0504d;--disk:#8064a2;--bad:#b03020}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#1b1d1f;--line:#3a3d40;--soft:#999;"
	"--bar:#27415c;--bad:#f08070}}\n"
	"body{font:14px/1.4 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:1.5em auto;"
	"max-width:1200px;padding:0 1em}\n"
	"h1{font-size:1.3em}h2{font-size:1.1em;margin:2em 0 .2em}p{margin:.2em 0 .6em;color:var(--soft)}\n"
	"pre{font:12px/1.4 monospace;overflow-x:auto;margin:.5em 0}\n"
	"table{border-collapse:collapse;font:12px/1.5 monospace}\n"
	".scroll{overflow-x:auto}\n"
	"th{text-align:left;cursor:pointer;border-bottom:1px solid var(--soft);white-space:pre}\n"
	"th,td{padding:0 .6em}th.n,td.n{text-align:right}\n"
	"td{border-bottom:1px solid var(--line);white-space:pre}\n"
	"td.n{background:linear-gradient(to left,var(--bar) var(--w,0%),transparent 0)}\n"
	"td.bad{color:var(--bad)}\n"
	"svg{width:100%;height:120px;display:block;border-bottom:1px solid var(--soft)}\n"
	"svg .hit{fill:transparent}svg .hit:hover{fill:var(--ink);fill-opacity:.15}\n"
	".run{fill:var(--run)}.other{fill:var(--other)}.gap{fill:var(--gap)}.wait{fill:var(--wait)}.disk{fill:var(--disk)}\n"
	".axis{display:flex;justify-content:space-between;font:11px monospace;color:var(--soft)}\n"
	".key span{margin-right:1.2em}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.4em}\n"
	"input{font:inherit;padding:.2em .5em;width:20em}\n";

const char page_script[] =
	"'use strict';\n"
	"for (const th of document.querySelectorAll('th')) th.addEventListener('click', () => {\n"
	"  const body = th.closest('table').tBodies[0], at = th.cellIndex;\n"
	"  const turn = th.dataset.order = th.dataset.order === 'down' ? 'up' : 'down';\n"
	"  const value = row => {\n"
	"    const cell = row.cells[at];\n"
	"    if (!('v' in cell.dataset)) return cell.textContent;\n"
	"    return cell.dataset.v === '' ? null : Number(cell.dataset.v);\n"
	"  };\n"
	"  const less = (a, b) => typeof a === 'string' ? b.localeCompare(a) : a - b;\n"
	"  const rows = [...body.rows].map(row => [value(row), row]);\n"
	"  rows.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null)\n"
	"                        : turn === 'down' ? less(b, a) : less(a, b));\n"
	"  body.append(...rows.map(([, row]) => row));\n"
	"});\n"
	"document.getElementById('filter').addEventListener('input', e => {\n"
	"  const term = e.target.value.toLowerCase();\n"
	"  for (const row of document.querySelectorAll('tbody tr'))\n"
	"    row.hidden = !row.textContent.toLowerCase().includes(term);\n"
	"});\n";
/* clang-format on */
