package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/**
 * The groups that share one Topic Filter: a lone {@link SharedGroup} or a table of them by Share
 * Name. Changed like {@link Members}.
 */
sealed interface SharedGroups permits SharedGroup, GroupTable {

  /** Adds a group whose name is not there yet. */
  static SharedGroups with(@Nullable SharedGroups groups, SharedGroup added) {
    return switch (groups) {
      case null -> added;
      case SharedGroup lone -> {
        var table = new GroupTable();
        table.put(lone);
        table.put(added);
        yield table;
      }
      case GroupTable table -> {
        table.put(added);
        yield table;
      }
    };
  }

  /** Removes a group found here before; null when none is left. */
  static @Nullable SharedGroups without(SharedGroups groups, SharedGroup removed) {
    return switch (groups) {
      case SharedGroup _ -> null;
      case GroupTable table -> {
        table.remove(removed);
        yield table.size() == 1 ? table.lone() : table;
      }
    };
  }

  static @Nullable SharedGroup find(SharedGroups groups, String shareName) {
    return switch (groups) {
      case SharedGroup lone -> lone.shareName().equals(shareName) ? lone : null;
      case GroupTable table -> table.find(shareName);
    };
  }
}
