/** Placeholder. */
@NullMarked
package io.signalbox.pki;

import org.jspecify.annotations.NullMarked;
