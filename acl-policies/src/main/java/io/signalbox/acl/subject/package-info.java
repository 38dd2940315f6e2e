/**
 * Who asks: the attributes of a client that policies may look at. Values only, any thread, imports
 * nothing of ours.
 */
@NullMarked
package io.signalbox.acl.subject;

import org.jspecify.annotations.NullMarked;
