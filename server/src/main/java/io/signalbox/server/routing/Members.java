package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/**
 * At least one subscriber, each once: a lone {@link Delivery} or a table of them.
 *
 * <p>Changed by one writer at a time; the methods return what replaces the old value, which is the
 * same object where it changed in place. Readers see each member exactly once.
 */
sealed interface Members extends Audience permits Delivery, DeliveryTable {

  /** Adds a delivery, in the place of the one that its subscriber had. */
  static Members with(@Nullable Members members, Delivery added) {
    return switch (members) {
      case null -> added;
      case Delivery lone when lone.isFor(added.subscriber()) -> added;
      case Delivery lone -> {
        var table = new DeliveryTable();
        table.put(lone);
        table.put(added);
        yield table;
      }
      case DeliveryTable table -> {
        Delivery old = table.find(added.subscriber());
        if (old == null) {
          table.put(added);
        } else {
          table.replace(old, added);
        }
        yield table;
      }
    };
  }

  /** Removes a delivery found in these members before; null when nobody is left. */
  static @Nullable Members without(Members members, Delivery removed) {
    return switch (members) {
      case Delivery _ -> null;
      case DeliveryTable table -> {
        table.remove(removed);
        yield table.size() == 1 ? table.lone() : table;
      }
    };
  }

  /** The delivery of a subscriber, or null. Any thread. */
  static @Nullable Delivery find(@Nullable Members members, Subscriber subscriber) {
    return switch (members) {
      case null -> null;
      case Delivery lone -> lone.isFor(subscriber) ? lone : null;
      case DeliveryTable table -> table.find(subscriber);
    };
  }
}
