package io.signalbox.server.transport;

import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import org.jspecify.annotations.Nullable;

/**
 * Registers a channel with the system's selector in the name of another one, whose {@code register}
 * the channel has called, holding its locks. To call the channel again would take the first lock
 * twice with the second between, for which the virtual machine makes a monitor: native memory for
 * each connection, and as much time as the registration itself. So what the channel would call then
 * is called at once, if its package is open to this program, as the manifest of its JAR says; the
 * channel is called again if not. Any thread.
 */
final class SystemRegistration {
  private static final @Nullable MethodHandle DIRECT = direct();

  private SystemRegistration() {}

  private static @Nullable MethodHandle direct() {
    try {
      return MethodHandles.privateLookupIn(AbstractSelector.class, MethodHandles.lookup())
          .findVirtual(
              AbstractSelector.class,
              "register",
              MethodType.methodType(
                  SelectionKey.class, AbstractSelectableChannel.class, int.class, Object.class));
    } catch (IllegalAccessException e) {
      return null;
    } catch (NoSuchMethodException e) {
      throw new AssertionError("it is part of the API", e);
    }
  }

  /** Whether the package is open. */
  static boolean isDirect() {
    return DIRECT != null;
  }

  static SelectionKey register(
      AbstractSelector system, AbstractSelectableChannel channel, int ops, Object attachment) {
    if (DIRECT == null) {
      return again(system, channel, ops, attachment);
    }
    try {
      return (SelectionKey) DIRECT.invokeExact(system, channel, ops, attachment);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("it declares none", t);
    }
  }

  private static SelectionKey again(
      AbstractSelector system, AbstractSelectableChannel channel, int ops, Object attachment) {
    try {
      return channel.register(system, ops, attachment);
    } catch (ClosedChannelException e) {
      throw new UncheckedIOException("closed while it was registered", e); // by another thread
    }
  }
}
