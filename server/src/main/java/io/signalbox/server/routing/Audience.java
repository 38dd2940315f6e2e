package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/**
 * Everybody who subscribed with one Topic Filter, in the smallest form that holds them: a million
 * filters with one subscriber each must not pay for a table each. Changed like {@link Members}.
 */
sealed interface Audience permits Members, MixedAudience {

  /** The delivery of a subscriber, on its own (no Share Name) or as member of a group; or null. */
  static @Nullable Delivery find(
      @Nullable Audience audience, @Nullable String shareName, Subscriber subscriber) {
    if (shareName == null) {
      return Members.find(own(audience), subscriber);
    }
    SharedGroup group = group(audience, shareName);
    return group == null ? null : group.find(subscriber);
  }

  static @Nullable SharedGroup group(@Nullable Audience audience, String shareName) {
    return audience instanceof MixedAudience mixed
        ? SharedGroups.find(mixed.groups(), shareName)
        : null;
  }

  private static @Nullable Members own(@Nullable Audience audience) {
    return switch (audience) {
      case null -> null;
      case Members members -> members;
      case MixedAudience mixed -> mixed.own();
    };
  }

  /**
   * Adds a delivery, and its group if it has one, in the place of the one that its subscriber had.
   */
  static Audience with(@Nullable Audience audience, Delivery added) {
    SharedGroup group = added.group();
    if (group != null) {
      group.join(added);
      return withGroup(audience, group);
    }
    Members own = Members.with(own(audience), added);
    if (audience instanceof MixedAudience mixed) {
      mixed.own(own);
      return mixed;
    }
    return own;
  }

  private static Audience withGroup(@Nullable Audience audience, SharedGroup group) {
    if (!(audience instanceof MixedAudience mixed)) {
      return new MixedAudience(own(audience), group);
    }
    if (SharedGroups.find(mixed.groups(), group.shareName()) == null) {
      mixed.groups(SharedGroups.with(mixed.groups(), group));
    }
    return mixed;
  }

  /**
   * Removes a delivery found here before, and its group with the last member; null when nobody is
   * left.
   */
  static @Nullable Audience without(Audience audience, Delivery removed) {
    return switch (audience) {
      case Members own -> Members.without(own, removed);
      case MixedAudience mixed -> {
        SharedGroup group = removed.group();
        Members own = mixed.own();
        if (group == null) {
          mixed.own(own == null ? null : Members.without(own, removed));
          yield mixed;
        }
        if (group.leave(removed)) {
          yield mixed;
        }
        SharedGroups others = SharedGroups.without(mixed.groups(), group);
        if (others == null) {
          yield own;
        }
        mixed.groups(others);
        yield mixed;
      }
    };
  }
}
