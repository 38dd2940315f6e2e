package io.signalbox.server.admin;

/** Ends a request with an error answer. */
final class ApiException extends Exception {
  private final transient ApiProblem problem;

  ApiException(ApiProblem.Type type, String detail) {
    super(detail, null, false, false);
    this.problem = new ApiProblem(type, detail);
  }

  ApiException(ApiProblem problem) {
    super(problem.detail(), null, false, false);
    this.problem = problem;
  }

  ApiProblem problem() {
    return problem;
  }
}
