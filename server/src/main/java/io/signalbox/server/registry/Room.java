package io.signalbox.server.registry;

import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.RegistryException.Reason;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many entries of each kind there may be. Those on their way to the disk count too: many are
 * handed over before the first is durable. Any thread.
 */
final class Room {
  private final RegistryConfig config;
  private final Metrics metrics;
  private final Map<Kind<?>, AtomicInteger> taken = new HashMap<>();

  Room(RegistryConfig config, Metrics metrics) {
    this.config = config;
    this.metrics = metrics;
    Kind.ALL.forEach(kind -> taken.put(kind, new AtomicInteger()));
  }

  private AtomicInteger taken(Kind<?> kind) {
    return Objects.requireNonNull(taken.get(kind));
  }

  /** Counts one that is stored already, be there room or not. */
  void occupy(Kind<?> kind) {
    taken(kind).incrementAndGet();
  }

  /**
   * Takes the places of entries that are to be stored.
   *
   * @param count 0: of an entry that is there, even if there are too many
   * @throws RegistryException there are not so many; none is taken
   */
  void take(Kind<?> kind, int count) throws RegistryException {
    int max = max(kind);
    int before = taken(kind).getAndUpdate(now -> now + count > max ? now : now + count);
    if (count > 0 && before + count > max) {
      metrics.limitsReached.inc(Metrics.Limit.REGISTRY_ENTRIES);
      throw tooMany(kind);
    }
  }

  /**
   * Takes none.
   *
   * @throws RegistryException there are not so many places now
   */
  void check(Kind<?> kind, int count) throws RegistryException {
    if (count > 0 && taken(kind).get() + count > max(kind)) {
      throw tooMany(kind);
    }
  }

  private RegistryException tooMany(Kind<?> kind) {
    return new RegistryException(
        Reason.LIMIT_REACHED,
        "there are "
            + max(kind)
            + " entries of kind "
            + kind
            + ", as many as the configuration allows");
  }

  /** Frees places: of entries that were removed, or were not stored after all. */
  void free(Kind<?> kind, int count) {
    taken(kind).addAndGet(-count);
  }

  private int max(Kind<?> kind) {
    if (kind == Kind.DEVICE) {
      return config.devicesMax();
    }
    if (kind == Kind.CERTIFICATE) {
      return config.certificatesMax();
    }
    return kind == Kind.GROUP ? config.groupsMax() : config.othersMax();
  }
}
