package io.signalbox.server.routing;

import org.jspecify.annotations.Nullable;

/**
 * The audience of a Topic Filter that somebody shares: the members of its groups, and those who
 * subscribed on their own. Changed by one writer at a time, read by all.
 */
final class MixedAudience implements Audience {
  private volatile @Nullable Members own;
  private volatile SharedGroups groups;

  MixedAudience(@Nullable Members own, SharedGroups groups) {
    this.own = own;
    this.groups = groups;
  }

  @Nullable Members own() {
    return own;
  }

  void own(@Nullable Members changed) {
    own = changed;
  }

  SharedGroups groups() {
    return groups;
  }

  void groups(SharedGroups changed) {
    groups = changed;
  }
}
