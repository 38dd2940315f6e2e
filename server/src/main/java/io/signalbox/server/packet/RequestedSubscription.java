package io.signalbox.server.packet;

/**
 * One entry of a SUBSCRIBE.
 *
 * @param topicFilter well-formed UTF-8 but not yet parsed: an invalid filter is answered in its
 *     place of the SUBACK (0x8F) and does not spoil the others
 */
public record RequestedSubscription(String topicFilter, SubscriptionOptions options) {}
