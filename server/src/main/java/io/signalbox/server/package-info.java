/** Placeholder. */
@NullMarked
package io.signalbox.server;

import org.jspecify.annotations.NullMarked;
