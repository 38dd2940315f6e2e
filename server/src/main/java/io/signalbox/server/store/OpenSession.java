package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * A client connected and wants a session that outlives the connection. Result: {@link
 * OpenedSession}.
 *
 * <p>With Clean Start, or without an earlier session, the session gets a new number; what the old
 * one left is swept later in slices, however much it is. Whether one has expired is for who submits
 * to know: {@link EndSession} ends it.
 *
 * @param owner id of the principal that the session belongs to
 * @param expirySeconds 0..4,294,967,295; the latter is never
 * @param will as 'session' encodes it, replacing any earlier one: the length of its head in four
 *     bytes, the head, which is all of it that a start reads, and the rest; null: none
 */
public record OpenSession(
    String clientId, String owner, long expirySeconds, boolean cleanStart, byte @Nullable [] will)
    implements Command {

  @Override
  public int bytes() {
    return 256 + willBytes();
  }

  /** 0: it has none. */
  int willBytes() {
    return will == null ? 0 : will.length;
  }
}
