/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
#ifndef RSTAT_BASE_VERSION_H
#define RSTAT_BASE_VERSION_H

#define RSTAT_VERSION "1.0.0"

#endif
