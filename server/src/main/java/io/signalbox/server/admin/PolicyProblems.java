package io.signalbox.server.admin;

import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problem;
import io.signalbox.server.registry.FieldProblem;
import java.util.List;

/** Problems of policies as the API answers them. */
final class PolicyProblems {
  private PolicyProblems() {}

  /**
   * @param file how positions name the document that was sent; others are named in the detail
   */
  static ApiException refusal(List<Problem> problems, String file) {
    Problem first = problems.getFirst();
    String more = problems.size() == 1 ? "" : " (and " + (problems.size() - 1) + " more)";
    return new ApiException(
        new ApiProblem(
            ApiProblem.Type.INVALID,
            first + more,
            problems.stream().map(problem -> of(problem, file)).toList()));
  }

  static FieldProblem of(Problem problem, String file) {
    Position at = problem.position();
    return at.file().equals(file)
        ? new FieldProblem("", problem.message(), at.line(), at.column())
        : new FieldProblem("", problem.toString());
  }
}
