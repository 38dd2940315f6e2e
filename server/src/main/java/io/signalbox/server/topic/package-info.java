/**
 * Topic Names and Topic Filters (MQTT 5.0 section 4.7), each validated once when it is made.
 *
 * <p>Immutable values, usable from any thread; only {@link io.signalbox.server.topic.TopicNames} is
 * confined to one. Imports nothing of ours.
 */
@NullMarked
package io.signalbox.server.topic;

import org.jspecify.annotations.NullMarked;
