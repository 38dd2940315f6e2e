package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * A message of a Shared Subscription goes from one member's queue to the end of another's. Result:
 * its sequence there as {@code Long}, {@link #GONE} or {@link #REFUSED}.
 *
 * @param number of the session that gives it up; the epoch is this session's
 * @param sequence of the row; 0 while unknown
 * @param handle names the row while the sequence is unknown
 * @param toNumber of the session that takes it
 * @param flags see {@link StorePublish#flags}
 * @param subscriptionIdentifiers of the taking member's subscription
 */
public record MoveQueued(
    long number,
    long epoch,
    long sequence,
    @Nullable StorePublish handle,
    long toNumber,
    byte flags,
    int[] subscriptionIdentifiers)
    implements Command {
  public MoveQueued {
    StorePublish.requireSequenceOrHandle(sequence, handle);
  }

  /** Result: the row does not exist any more. */
  public static final Long GONE = 0L;

  /** Result: the other session ended or its queue is full; the row stays where it is. */
  public static final Long REFUSED = -1L;
}
