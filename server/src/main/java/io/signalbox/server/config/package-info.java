/**
 * The configuration: one immutable record a section, each with its defaults, ranges and keys side
 * by side, and the reader that fills them from YAML and the environment.
 *
 * <p>Every value is checked when its record is made, so nobody checks it again. Read once at start
 * on the main thread; the records may be used from any thread. Imports nothing of ours.
 */
@NullMarked
package io.signalbox.server.config;

import org.jspecify.annotations.NullMarked;
