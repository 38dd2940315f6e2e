package io.signalbox.acl.proof;

import io.signalbox.acl.decision.PolicyBundle;

/**
 * Two bundles, of which it is asked what one gives and the other does not.
 *
 * @param effort of all that is asked
 */
record Comparison(
    PolicyBundle poor,
    PolicyBundle rich,
    Bindings ofPoor,
    Bindings ofRich,
    Vocabulary vocabulary,
    Effort effort) {
  static Comparison of(PolicyBundle poor, PolicyBundle rich, Effort effort) {
    return new Comparison(
        poor, rich, new Bindings(poor), new Bindings(rich), new Vocabulary("", poor, rich), effort);
  }
}
