/**
 * Text to nodes that know where they stand: YAML, JSON and JSON-like values, read strictly and
 * within {@link io.signalbox.acl.source.SourceLimits}. Any thread, imports nothing of ours.
 */
@NullMarked
package io.signalbox.acl.source;

import org.jspecify.annotations.NullMarked;
