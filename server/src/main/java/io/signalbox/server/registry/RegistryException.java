package io.signalbox.server.registry;

import java.util.List;

/** Why the registry did not do what was asked: an expected outcome, with words for the caller. */
public final class RegistryException extends Exception {
  /** What kind of refusal. */
  public enum Reason {
    /** A field is wrong; each is named. */
    INVALID,
    /** It contradicts what else is registered. */
    CONFLICT,
    /** Somebody changed the entry meanwhile, or it exists where it was to be new. */
    REVISION_CONFLICT,
    NOT_FOUND,
    /** As many as the configuration allows are there. */
    LIMIT_REACHED,
    /** The store takes nothing now. */
    UNAVAILABLE
  }

  private final Reason reason;
  private final transient List<FieldProblem> problems;

  public RegistryException(Reason reason, String message) {
    this(reason, message, List.of());
  }

  private RegistryException(Reason reason, String message, List<FieldProblem> problems) {
    super(message, null, false, false);
    this.reason = reason;
    this.problems = List.copyOf(problems);
  }

  /** One field is wrong. */
  public static RegistryException invalid(String pointer, String detail) {
    return invalid(List.of(new FieldProblem(pointer, detail)));
  }

  static RegistryException invalid(List<FieldProblem> problems) {
    FieldProblem first = problems.getFirst();
    String where = first.pointer().isEmpty() ? "" : first.pointer() + ": ";
    String more = problems.size() == 1 ? "" : " (and " + (problems.size() - 1) + " more)";
    return new RegistryException(Reason.INVALID, where + first.detail() + more, problems);
  }

  public static RegistryException notFound(Kind<?> kind, String name) {
    return new RegistryException(Reason.NOT_FOUND, "there is no " + kind + " \"" + name + "\"");
  }

  public Reason reason() {
    return reason;
  }

  /** The fields of {@link Reason#INVALID}. */
  public List<FieldProblem> problems() {
    return problems;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
