package io.signalbox.server.eventloop;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says which thread alone may touch the mutable state of a class, and so why there is no lock in
 * it.
 */
@Documented
@Retention(RetentionPolicy.SOURCE)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.FIELD})
public @interface ConfinedTo {

  /** The thread, in words: {@code "I/O thread"}, {@code "store writer"}. */
  String value();
}
