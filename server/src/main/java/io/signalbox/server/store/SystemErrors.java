package io.signalbox.server.store;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The system's words for errors, in the language of the process, as Java puts them into exceptions.
 */
@SuppressWarnings("restricted")
final class SystemErrors {
  private SystemErrors() {}

  /** Any thread. */
  static String words(int errno) {
    Linker linker = Linker.nativeLinker();
    MethodHandle strerror =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    try {
      var words = (MemorySegment) strerror.invokeExact(errno);
      return words.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable e) {
      throw new LinkageError("strerror failed", e);
    }
  }
}
