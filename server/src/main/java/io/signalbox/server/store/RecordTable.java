package io.signalbox.server.store;

/** Tables of small records that an operator edits; each record carries a revision. */
public enum RecordTable {
  REGISTRY,
  REVOKED,
  POLICY
}
