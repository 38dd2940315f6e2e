/** Placeholder. */
@NullMarked
package io.signalbox.acl;

import org.jspecify.annotations.NullMarked;
