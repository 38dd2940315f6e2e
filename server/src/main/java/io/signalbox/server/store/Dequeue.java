package io.signalbox.server.store;

import org.jspecify.annotations.Nullable;

/**
 * The client acknowledged a message, so its row goes; one that is gone already is passed over. In
 * the same batch as its {@link StorePublish}, neither touches the disk. Result: whether there was
 * one, as {@code Boolean}.
 *
 * @param sequence of the row; 0 while unknown
 * @param handle names the row while the sequence is unknown
 */
public record Dequeue(long number, long epoch, long sequence, @Nullable StorePublish handle)
    implements Command {
  public Dequeue {
    StorePublish.requireSequenceOrHandle(sequence, handle);
  }
}
