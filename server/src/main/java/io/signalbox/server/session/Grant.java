package io.signalbox.server.session;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Subscription;
import org.jspecify.annotations.Nullable;

/** A subscription that was put in force, and what is in force again should the store refuse it. */
@ConfinedTo("the session's I/O thread")
public final class Grant {
  private final Subscription subscription;
  private final boolean isNew;
  private @Nullable Subscription before;

  /**
   * @param before what it replaces; null: there was none for this filter
   */
  Grant(Subscription subscription, @Nullable Subscription before) {
    this.subscription = subscription;
    this.isNew = before == null;
    this.before = before;
  }

  public Subscription subscription() {
    return subscription;
  }

  /** Whether there was none for this filter when it was made. */
  public boolean isNew() {
    return isNew;
  }

  @Nullable Subscription before() {
    return before;
  }

  void before(@Nullable Subscription other) {
    before = other;
  }
}
