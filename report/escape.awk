# SPDX-License-Identifier: GPL-2.0-only
# Text as HTML, line by line.

{ print html($0) }
