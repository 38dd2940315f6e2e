package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.UnreadableStoreException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * The Will Message of a session, from CONNECT until it is published or discarded. It is in memory,
 * and counted there, until the store has it; from then on only the session's row has it, for as
 * long as the client is connected or away. One that no row will have stays in memory.
 */
@ConfinedTo("the session's I/O thread")
final class KeptWill {
  private static final Logger LOG = System.getLogger(KeptWill.class.getName());

  private final long delaySeconds;

  // Both null once the store has it.
  private @Nullable SessionWill will;
  private @Nullable MemoryShare memory;

  private final long bytes;

  /** That it waits. */
  private boolean told;

  /** One that came with a connection. */
  KeptWill(SessionWill will, MemoryShare memory) {
    this.delaySeconds = will.delaySeconds();
    this.will = will;
    this.memory = memory;
    this.bytes = will.bytes();
    memory.charge(bytes);
  }

  /** One that was found in the store. */
  KeptWill(long delaySeconds) {
    this.delaySeconds = delaySeconds;
    this.bytes = 0;
  }

  /** Will Delay Interval, 0..4,294,967,295. */
  long delaySeconds() {
    return delaySeconds;
  }

  /** It is in the row of its session now, or is not needed any more. Idempotent. */
  void leaveMemory() {
    if (memory != null) {
      memory.charge(-bytes);
    }
    memory = null;
    will = null;
  }

  /** What a look at the whole of it gave. */
  sealed interface Content {}

  /** It is to be published as it is here. */
  record Known(SessionWill will) implements Content {}

  /** Its row is damaged or gone. */
  record Lost() implements Content {}

  /** Nothing can be read now; its row is as it was. */
  record Unread(UnreadableStoreException problem) implements Content {}

  /**
   * The whole of it, read from the disk if it is not in memory: one row. That it is lost is logged.
   *
   * @param number of its session
   * @param clientId of its session, for the log
   */
  Content read(Store store, long number, String clientId) {
    SessionWill known = will;
    return known == null ? readRow(store, number, clientId) : new Known(known);
  }

  private static Content readRow(Store store, long number, String clientId) {
    try {
      byte[] row = store.will(number);
      if (row == null) {
        throw new IllegalStateException("session " + number + " has no will");
      }
      return new Known(SessionWill.decode(row));
    } catch (UnreadableStoreException e) {
      return new Unread(e);
    } catch (RuntimeException e) {
      LOG.log(
          Level.ERROR,
          "the will of client "
              + LogText.quote(clientId)
              + " is damaged and is not published; check the store",
          e);
      return new Lost();
    }
  }

  /** It is due and waits. */
  void tellOnce(String clientId, UnreadableStoreException problem) {
    if (!told && !problem.isClosed()) { // a broker that ends keeps it for its restart
      LOG.log(
          Level.WARNING,
          "the will of client {0} waits: {1}",
          LogText.quote(clientId),
          problem.getMessage());
      told = true;
    }
  }
}
