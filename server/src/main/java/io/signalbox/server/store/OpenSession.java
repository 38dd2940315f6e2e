package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * A client connected and wants a session that outlives the connection. Result: {@link
 * OpenedSession}.
 *
 * <p>With Clean Start, without an earlier session, or with one that expired, the session gets a new
 * number; what the old one left is swept later in slices, however much it is.
 *
 * @param owner id of the principal that the session belongs to
 * @param expirySeconds 0..4,294,967,295; the latter is never
 * @param will opaque here, as 'session' encodes it, replacing any earlier one; null: none
 * @param nowMillis wall clock
 */
public record OpenSession(
    String clientId,
    String owner,
    long expirySeconds,
    boolean cleanStart,
    byte @Nullable [] will,
    long nowMillis)
    implements Command {

  @Override
  public int bytes() {
    return 256 + (will == null ? 0 : will.length);
  }
}
