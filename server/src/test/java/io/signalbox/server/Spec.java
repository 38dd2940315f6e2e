package io.signalbox.server;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The normative statements that a test shows to hold. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Spec {
  /** Statement ids of MQTT 5.0. */
  String[] value() default {};

  /** Statement ids of MQTT 3.1.1, which numbers its own from the same sections. */
  String[] v3() default {};
}
