package io.signalbox.acl.decision;

import java.util.Locale;

/** Why a decision is as it is. */
public enum Reason {
  /** A statement allows it and none denies it. */
  ALLOWED("allowed"),
  /** A statement denies it. */
  EXPLICIT_DENY("denied"),
  /** A statement would allow it, if RETAIN were as it says. */
  RETAIN("the RETAIN flag is not as allowed"),
  /** A statement would allow it at a lower QoS. */
  MAX_QOS("the QoS is above the allowed maximum"),
  /** A statement would allow it with a smaller payload. */
  MAX_PAYLOAD("the payload is above the allowed maximum"),
  /** A statement allows the filter, but not to share it in this group. */
  SHARE_GROUP("no statement grants this share group"),
  /** A statement would allow it on another transport, listener, address, TLS version or method. */
  CONDITION("the connection is not as the statement asks"),
  /** A statement would allow it, if its variable had a usable value for this client. */
  UNRESOLVED_VARIABLE("a variable of the statement has no usable value for this client"),
  /** The filter reaches further than any single pattern that is allowed. */
  NOT_CONTAINED("the filter reaches beyond what is allowed"),
  /** No statement speaks of it. */
  NO_MATCH("no statement allows it"),
  /** The request or a token's acl claim is malformed, or deciding failed. */
  ERROR("it could not be decided");

  private final String text;

  Reason(String text) {
    this.text = text;
  }

  /** As tests and logs name it: {@code no-match}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** For people: half a sentence without a full stop. */
  public String text() {
    return text;
  }
}
