/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* page_style: the style sheet and the script of a page. */
#ifndef RSTAT_REPLAY_HTML_PAGE_STYLE_H
#define RSTAT_REPLAY_HTML_PAGE_STYLE_H

extern const char page_style[], page_script[];

#endif
