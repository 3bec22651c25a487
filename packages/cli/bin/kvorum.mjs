#!/usr/bin/env node
// The command's entry. It exists before the first build, so that installing a clone can link it.
import '../dist/main.js';
