/**
 * The policy language as data: what a valid file says, before it meets a client. Values only, any
 * thread; may import {@code source} (positions), {@code filter} and {@code subject}.
 */
@NullMarked
package io.signalbox.acl.model;

import org.jspecify.annotations.NullMarked;
