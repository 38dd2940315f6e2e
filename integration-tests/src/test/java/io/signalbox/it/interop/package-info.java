/**
 * Programs that other people wrote, as they come: client libraries, mosquitto's command line, a
 * browser. A program that is not installed is named and its tests are skipped, or fail when {@code
 * -Drequire.NAME=true} says that it must be there.
 */
@NullMarked
package io.signalbox.it.interop;

import org.jspecify.annotations.NullMarked;
