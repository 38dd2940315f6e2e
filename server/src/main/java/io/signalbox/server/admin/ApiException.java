package io.signalbox.server.admin;

/** Ends a request with an error answer. */
final class ApiException extends Exception {
  private final transient ApiProblem problem;

  ApiException(ApiProblem.Type type, String detail) {
    super(detail, null, false, false);
    this.problem = new ApiProblem(type, detail);
  }

  ApiProblem problem() {
    return problem;
  }
}
