/**
 * Topic Names and Topic Filters as sets: match, contain, intersect. Values only, any thread,
 * imports nothing of ours.
 */
@NullMarked
package io.signalbox.acl.filter;

import org.jspecify.annotations.NullMarked;
