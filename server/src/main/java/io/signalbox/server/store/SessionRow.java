package io.signalbox.server.store;

import io.signalbox.server.routing.Subscription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session as it was found at start.
 *
 * @param owner id of the principal that it belongs to
 * @param expirySeconds 0..4,294,967,295; the latter is never
 * @param online it was connected when the process ended
 * @param disconnectedAtMillis wall clock; 0 when online
 * @param willHead of its will, see {@link OpenSession}; null: it has none
 * @param willDueMillis wall clock; 0: no will, or not disconnected yet
 * @param sentUpTo rows up to it may have been sent; never one that was not given out yet
 * @param inboundQos2 Packet Identifiers between PUBREC and PUBREL
 */
public record SessionRow(
    long number,
    String clientId,
    String owner,
    long epoch,
    long expirySeconds,
    boolean online,
    long disconnectedAtMillis,
    byte @Nullable [] willHead,
    long willDueMillis,
    long sentUpTo,
    List<Subscription> subscriptions,
    int[] inboundQos2) {}
