package io.signalbox.acl.proof;

/** The outcome of a proof. */
public sealed interface Verdict {
  /** It holds for every client that can exist. */
  record Proved() implements Verdict {}

  /** It does not hold, and this is why. */
  record Violated(Witness witness) implements Verdict {}

  /** Not known: the policies are too entangled. Treat as not proved. */
  record Undetermined(String why) implements Verdict {}

  default boolean isProved() {
    return this instanceof Proved;
  }

  /** For people: {@code proved}, or what was found. */
  default String text() {
    return switch (this) {
      case Proved _ -> "proved";
      case Violated(Witness witness) -> "violated: " + witness;
      case Undetermined(String why) -> "not proved: " + why;
    };
  }
}
