package io.signalbox.server.routing;

import io.signalbox.server.topic.TopicName;

/** A route with the version of the subscriptions that it was found in. */
record CachedRoute(
    TopicName topic, Route route, int firstLevelStripe, int secondLevelStripe, long version) {

  boolean isValid(TopicVersions versions) {
    return versions.version(firstLevelStripe, secondLevelStripe) == version;
  }

  /** Approximate heap, with a topic that only the cache may still hold. */
  long bytes() {
    return 128L + topic.utf8().length + 2L * topic.levelCount() + route.bytes();
  }
}
