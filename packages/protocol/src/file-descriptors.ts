// Generated from the .proto files by `npm run protos`: edit those files, not this one.

/** One .proto file, for server reflection. */
export interface FileDescriptor {
  readonly name: string;
  /** A serialized `google.protobuf.FileDescriptorProto`. */
  readonly base64: string;
}

/** All .proto files of this package. */
export const fileDescriptors: readonly FileDescriptor[] = [
  {
    name: 'api/kv.proto',
    base64: [
      'CgxhcGkva3YucHJvdG8SA2FwaRobZ29vZ2xlL3Byb3RvYnVmL2VtcHR5LnByb3RvIh4KCkdldFJlcXVlc3QSEAoDa2V5GAEgASgJUgNrZXkiNQ',
      'oLR2V0UmVzcG9uc2USEAoDa2V5GAEgASgJUgNrZXkSFAoFdmFsdWUYAiABKAxSBXZhbHVlIjQKClNldFJlcXVlc3QSEAoDa2V5GAEgASgJUgNr',
      'ZXkSFAoFdmFsdWUYAiABKAxSBXZhbHVlIh0KC1NldFJlc3BvbnNlEg4KAm9rGAEgASgIUgJvayIhCg1EZWxldGVSZXF1ZXN0EhAKA2tleRgBIA',
      'EoCVIDa2V5IiAKDkRlbGV0ZVJlc3BvbnNlEg4KAm9rGAEgASgIUgJvayI7ChJHZXRTZXJ2ZXJzUmVzcG9uc2USJQoHc2VydmVycxgBIAMoCzIL',
      'LmFwaS5TZXJ2ZXJSB3NlcnZlcnMiUAoGU2VydmVyEg4KAmlkGAEgASgJUgJpZBIZCghycGNfYWRkchgCIAEoCVIHcnBjQWRkchIbCglpc19sZW',
      'FkZXIYAyABKAhSCGlzTGVhZGVyMv4BCgJLVhIoCgNHZXQSDy5hcGkuR2V0UmVxdWVzdBoQLmFwaS5HZXRSZXNwb25zZRIoCgNTZXQSDy5hcGku',
      'U2V0UmVxdWVzdBoQLmFwaS5TZXRSZXNwb25zZRIxCgZEZWxldGUSEi5hcGkuRGVsZXRlUmVxdWVzdBoTLmFwaS5EZWxldGVSZXNwb25zZRIyCg',
      'RMaXN0EhYuZ29vZ2xlLnByb3RvYnVmLkVtcHR5GhAuYXBpLkdldFJlc3BvbnNlMAESPQoKR2V0U2VydmVycxIWLmdvb2dsZS5wcm90b2J1Zi5F',
      'bXB0eRoXLmFwaS5HZXRTZXJ2ZXJzUmVzcG9uc2ViBnByb3RvMw==',
    ].join(''),
  },
  {
    name: 'google/protobuf/any.proto',
    base64: [
      'Chlnb29nbGUvcHJvdG9idWYvYW55LnByb3RvEg9nb29nbGUucHJvdG9idWYiNgoDQW55EhkKCHR5cGVfdXJsGAEgASgJUgd0eXBlVXJsEhQKBX',
      'ZhbHVlGAIgASgMUgV2YWx1ZWIGcHJvdG8z',
    ].join(''),
  },
  {
    name: 'google/protobuf/empty.proto',
    base64: [
      'Chtnb29nbGUvcHJvdG9idWYvZW1wdHkucHJvdG8SD2dvb2dsZS5wcm90b2J1ZiIHCgVFbXB0eWIGcHJvdG8z',
    ].join(''),
  },
  {
    name: 'google/rpc/status.proto',
    base64: [
      'Chdnb29nbGUvcnBjL3N0YXR1cy5wcm90bxIKZ29vZ2xlLnJwYxoZZ29vZ2xlL3Byb3RvYnVmL2FueS5wcm90byJmCgZTdGF0dXMSEgoEY29kZR',
      'gBIAEoBVIEY29kZRIYCgdtZXNzYWdlGAIgASgJUgdtZXNzYWdlEi4KB2RldGFpbHMYAyADKAsyFC5nb29nbGUucHJvdG9idWYuQW55UgdkZXRh',
      'aWxzYgZwcm90bzM=',
    ].join(''),
  },
  {
    name: 'kvorum/v1/batch.proto',
    base64: [
      'ChVrdm9ydW0vdjEvYmF0Y2gucHJvdG8SCWt2b3J1bS52MRoVa3ZvcnVtL3YxL2Vycm9yLnByb3RvGhRrdm9ydW0vdjEvcmVhZC5wcm90bxoVa3',
      'ZvcnVtL3YxL3dyaXRlLnByb3RvIkkKDEJhdGNoUmVxdWVzdBI5CgpvcGVyYXRpb25zGAEgAygLMhkua3ZvcnVtLnYxLkJhdGNoT3BlcmF0aW9u',
      'UgpvcGVyYXRpb25zIqcBCg5CYXRjaE9wZXJhdGlvbhIpCgNnZXQYASABKAsyFS5rdm9ydW0udjEuR2V0UmVxdWVzdEgAUgNnZXQSKQoDc2V0GA',
      'IgASgLMhUua3ZvcnVtLnYxLlNldFJlcXVlc3RIAFIDc2V0EjIKBmRlbGV0ZRgDIAEoCzIYLmt2b3J1bS52MS5EZWxldGVSZXF1ZXN0SABSBmRl',
      'bGV0ZUILCglvcGVyYXRpb24iQQoNQmF0Y2hSZXNwb25zZRIwCgdyZXN1bHRzGAEgAygLMhYua3ZvcnVtLnYxLkJhdGNoUmVzdWx0UgdyZXN1bH',
      'RzIoACCgtCYXRjaFJlc3VsdBISCgRjb2RlGAEgASgNUgRjb2RlEhgKB21lc3NhZ2UYAiABKAlSB21lc3NhZ2USLAoFZXJyb3IYAyABKAsyFi5r',
      'dm9ydW0udjEuRXJyb3JEZXRhaWxSBWVycm9yEioKA2dldBgEIAEoCzIWLmt2b3J1bS52MS5HZXRSZXNwb25zZUgAUgNnZXQSKgoDc2V0GAUgAS',
      'gLMhYua3ZvcnVtLnYxLlNldFJlc3BvbnNlSABSA3NldBIzCgZkZWxldGUYBiABKAsyGS5rdm9ydW0udjEuRGVsZXRlUmVzcG9uc2VIAFIGZGVs',
      'ZXRlQggKBnJlc3VsdGIGcHJvdG8z',
    ].join(''),
  },
  {
    name: 'kvorum/v1/error.proto',
    base64: [
      'ChVrdm9ydW0vdjEvZXJyb3IucHJvdG8SCWt2b3J1bS52MSKCAgoLRXJyb3JEZXRhaWwSEgoEY29kZRgBIAEoCVIEY29kZRIcCglyZXRyeWFibG',
      'UYAiABKAhSCXJldHJ5YWJsZRIqChFtYXlfaGF2ZV9oYXBwZW5lZBgDIAEoCFIPbWF5SGF2ZUhhcHBlbmVkEhQKBWZpZWxkGAQgASgJUgVmaWVs',
      'ZBIYCgdhbGxvd2VkGAUgASgJUgdhbGxvd2VkEh4KCHJldmlzaW9uGAYgASgEQgIwAlIIcmV2aXNpb24SLQoQY29tcGFjdF9yZXZpc2lvbhgHIA',
      'EoBEICMAJSD2NvbXBhY3RSZXZpc2lvbhIWCgZsZWFkZXIYCCABKAlSBmxlYWRlcmIGcHJvdG8z',
    ].join(''),
  },
  {
    name: 'kvorum/v1/kv.proto',
    base64: [
      'ChJrdm9ydW0vdjEva3YucHJvdG8SCWt2b3J1bS52MRoVa3ZvcnVtL3YxL2JhdGNoLnByb3RvGhRrdm9ydW0vdjEvcmVhZC5wcm90bxoXa3Zvcn',
      'VtL3YxL3NlcnZlcnMucHJvdG8aF2t2b3J1bS92MS9zZXNzaW9uLnByb3RvGhVrdm9ydW0vdjEvd2F0Y2gucHJvdG8aFWt2b3J1bS92MS93cml0',
      'ZS5wcm90bzKqBQoCS1YSNAoDR2V0EhUua3ZvcnVtLnYxLkdldFJlcXVlc3QaFi5rdm9ydW0udjEuR2V0UmVzcG9uc2USNAoDU2V0EhUua3Zvcn',
      'VtLnYxLlNldFJlcXVlc3QaFi5rdm9ydW0udjEuU2V0UmVzcG9uc2USPQoGRGVsZXRlEhgua3ZvcnVtLnYxLkRlbGV0ZVJlcXVlc3QaGS5rdm9y',
      'dW0udjEuRGVsZXRlUmVzcG9uc2USOAoETGlzdBIWLmt2b3J1bS52MS5MaXN0UmVxdWVzdBoWLmt2b3J1bS52MS5HZXRSZXNwb25zZTABEjoKBU',
      'JhdGNoEhcua3ZvcnVtLnYxLkJhdGNoUmVxdWVzdBoYLmt2b3J1bS52MS5CYXRjaFJlc3BvbnNlEjwKBVdhdGNoEhcua3ZvcnVtLnYxLldhdGNo',
      'UmVxdWVzdBoYLmt2b3J1bS52MS5XYXRjaFJlc3BvbnNlMAESSQoKR2V0U2VydmVycxIcLmt2b3J1bS52MS5HZXRTZXJ2ZXJzUmVxdWVzdBodLm',
      't2b3J1bS52MS5HZXRTZXJ2ZXJzUmVzcG9uc2USTAoLT3BlblNlc3Npb24SHS5rdm9ydW0udjEuT3BlblNlc3Npb25SZXF1ZXN0Gh4ua3ZvcnVt',
      'LnYxLk9wZW5TZXNzaW9uUmVzcG9uc2USWwoQS2VlcEFsaXZlU2Vzc2lvbhIiLmt2b3J1bS52MS5LZWVwQWxpdmVTZXNzaW9uUmVxdWVzdBojLm',
      't2b3J1bS52MS5LZWVwQWxpdmVTZXNzaW9uUmVzcG9uc2USTwoMQ2xvc2VTZXNzaW9uEh4ua3ZvcnVtLnYxLkNsb3NlU2Vzc2lvblJlcXVlc3Qa',
      'Hy5rdm9ydW0udjEuQ2xvc2VTZXNzaW9uUmVzcG9uc2ViBnByb3RvMw==',
    ].join(''),
  },
  {
    name: 'kvorum/v1/read.proto',
    base64: [
      'ChRrdm9ydW0vdjEvcmVhZC5wcm90bxIJa3ZvcnVtLnYxIr4BCgpHZXRSZXF1ZXN0EhAKA2tleRgBIAEoDFIDa2V5EhoKCGtleXNwYWNlGAMgAS',
      'gJUghrZXlzcGFjZRI4Cgtjb25zaXN0ZW5jeRgEIAEoDjIWLmt2b3J1bS52MS5Db25zaXN0ZW5jeVILY29uc2lzdGVuY3kSKAoQbWF4X3N0YWxl',
      'bmVzc19tcxgFIAEoDVIObWF4U3RhbGVuZXNzTXMSHgoIcmV2aXNpb24YBiABKARCAjACUghyZXZpc2lvbiLbAQoLR2V0UmVzcG9uc2USEAoDa2',
      'V5GAEgASgMUgNrZXkSFAoFdmFsdWUYAiABKAxSBXZhbHVlEisKD2NyZWF0ZV9yZXZpc2lvbhgDIAEoBEICMAJSDmNyZWF0ZVJldmlzaW9uEiUK',
      'DG1vZF9yZXZpc2lvbhgEIAEoBEICMAJSC21vZFJldmlzaW9uEhwKB3ZlcnNpb24YBSABKARCAjACUgd2ZXJzaW9uEh4KCHJldmlzaW9uGAYgAS',
      'gEQgIwAlIIcmV2aXNpb24SEgoEbW9yZRgHIAEoCFIEbW9yZSKkAgoLTGlzdFJlcXVlc3QSGgoIa2V5c3BhY2UYAyABKAlSCGtleXNwYWNlEjgK',
      'C2NvbnNpc3RlbmN5GAQgASgOMhYua3ZvcnVtLnYxLkNvbnNpc3RlbmN5Ugtjb25zaXN0ZW5jeRIoChBtYXhfc3RhbGVuZXNzX21zGAUgASgNUg',
      '5tYXhTdGFsZW5lc3NNcxIeCghyZXZpc2lvbhgGIAEoBEICMAJSCHJldmlzaW9uEhYKBnByZWZpeBgHIAEoDFIGcHJlZml4EhQKBXN0YXJ0GAgg',
      'ASgMUgVzdGFydBIQCgNlbmQYCSABKAxSA2VuZBIYCgVsaW1pdBgKIAEoBEICMAJSBWxpbWl0EhsKCWtleXNfb25seRgLIAEoCFIIa2V5c09ubH',
      'kqRAoLQ29uc2lzdGVuY3kSEAoMTElORUFSSVpBQkxFEAASEAoMU0VSSUFMSVpBQkxFEAESEQoNTUFYX1NUQUxFTkVTUxACYgZwcm90bzM=',
    ].join(''),
  },
  {
    name: 'kvorum/v1/servers.proto',
    base64: [
      'Chdrdm9ydW0vdjEvc2VydmVycy5wcm90bxIJa3ZvcnVtLnYxIi8KEUdldFNlcnZlcnNSZXF1ZXN0EhoKCGtleXNwYWNlGAMgASgJUghrZXlzcG',
      'FjZSJ4ChJHZXRTZXJ2ZXJzUmVzcG9uc2USKwoHc2VydmVycxgBIAMoCzIRLmt2b3J1bS52MS5TZXJ2ZXJSB3NlcnZlcnMSHQoKY2x1c3Rlcl9p',
      'ZBgCIAEoBlIJY2x1c3RlcklkEhYKBHRlcm0YAyABKARCAjACUgR0ZXJtIswBCgZTZXJ2ZXISDgoCaWQYASABKAlSAmlkEhkKCHJwY19hZGRyGA',
      'IgASgJUgdycGNBZGRyEhsKCWlzX2xlYWRlchgDIAEoCFIIaXNMZWFkZXISKQoEcm9sZRgEIAEoDjIVLmt2b3J1bS52MS5TZXJ2ZXJSb2xlUgRy',
      'b2xlEhIKBHpvbmUYBSABKAlSBHpvbmUSGAoHdmVyc2lvbhgGIAEoCVIHdmVyc2lvbhIhCgxpc19jb25uZWN0ZWQYByABKAhSC2lzQ29ubmVjdG',
      'VkKkUKClNlcnZlclJvbGUSEAoMUk9MRV9VTktOT1dOEAASCgoGTEVBREVSEAESDAoIRk9MTE9XRVIQAhILCgdMRUFSTkVSEANiBnByb3RvMw==',
    ].join(''),
  },
  {
    name: 'kvorum/v1/session.proto',
    base64: [
      'Chdrdm9ydW0vdjEvc2Vzc2lvbi5wcm90bxIJa3ZvcnVtLnYxIjAKEk9wZW5TZXNzaW9uUmVxdWVzdBIaCghrZXlzcGFjZRgDIAEoCVIIa2V5c3',
      'BhY2UiaAoTT3BlblNlc3Npb25SZXNwb25zZRIcCgdzZXNzaW9uGAEgASgEQgIwAlIHc2Vzc2lvbhIbCgdpZGxlX21zGAIgASgEQgIwAlIGaWRs',
      'ZU1zEhYKBndpbmRvdxgDIAEoDVIGd2luZG93IlMKF0tlZXBBbGl2ZVNlc3Npb25SZXF1ZXN0EhoKCGtleXNwYWNlGAMgASgJUghrZXlzcGFjZR',
      'IcCgdzZXNzaW9uGAcgASgEQgIwAlIHc2Vzc2lvbiI3ChhLZWVwQWxpdmVTZXNzaW9uUmVzcG9uc2USGwoHaWRsZV9tcxgCIAEoBEICMAJSBmlk',
      'bGVNcyJPChNDbG9zZVNlc3Npb25SZXF1ZXN0EhoKCGtleXNwYWNlGAMgASgJUghrZXlzcGFjZRIcCgdzZXNzaW9uGAcgASgEQgIwAlIHc2Vzc2',
      'lvbiIWChRDbG9zZVNlc3Npb25SZXNwb25zZWIGcHJvdG8z',
    ].join(''),
  },
  {
    name: 'kvorum/v1/watch.proto',
    base64: [
      'ChVrdm9ydW0vdjEvd2F0Y2gucHJvdG8SCWt2b3J1bS52MSL2AQoMV2F0Y2hSZXF1ZXN0EhAKA2tleRgBIAEoDFIDa2V5EhoKCGtleXNwYWNlGA',
      'MgASgJUghrZXlzcGFjZRInCg1mcm9tX3JldmlzaW9uGAYgASgEQgIwAlIMZnJvbVJldmlzaW9uEhYKBnByZWZpeBgHIAEoDFIGcHJlZml4EhQK',
      'BXN0YXJ0GAggASgMUgVzdGFydBIQCgNlbmQYCSABKAxSA2VuZBIXCgdwcmV2X2t2GAogASgIUgZwcmV2S3YSGgoIcHJvZ3Jlc3MYCyABKAhSCH',
      'Byb2dyZXNzEhoKCGZyYWdtZW50GAwgASgIUghmcmFnbWVudCJ/Cg1XYXRjaFJlc3BvbnNlEi0KBmV2ZW50cxgBIAMoCzIVLmt2b3J1bS52MS5X',
      'YXRjaEV2ZW50UgZldmVudHMSHwoLaXNfZnJhZ21lbnQYAiABKAhSCmlzRnJhZ21lbnQSHgoIcmV2aXNpb24YBiABKARCAjACUghyZXZpc2lvbi',
      'KOAQoKV2F0Y2hFdmVudBItCgRraW5kGAEgASgOMhkua3ZvcnVtLnYxLldhdGNoRXZlbnRLaW5kUgRraW5kEiMKAmt2GAIgASgLMhMua3ZvcnVt',
      'LnYxLktleVZhbHVlUgJrdhIsCgdwcmV2X2t2GAMgASgLMhMua3ZvcnVtLnYxLktleVZhbHVlUgZwcmV2S3YipAEKCEtleVZhbHVlEhAKA2tleR',
      'gBIAEoDFIDa2V5EhQKBXZhbHVlGAIgASgMUgV2YWx1ZRIrCg9jcmVhdGVfcmV2aXNpb24YAyABKARCAjACUg5jcmVhdGVSZXZpc2lvbhIlCgxt',
      'b2RfcmV2aXNpb24YBCABKARCAjACUgttb2RSZXZpc2lvbhIcCgd2ZXJzaW9uGAUgASgEQgIwAlIHdmVyc2lvbiolCg5XYXRjaEV2ZW50S2luZB',
      'IHCgNQVVQQABIKCgZERUxFVEUQAWIGcHJvdG8z',
    ].join(''),
  },
  {
    name: 'kvorum/v1/write.proto',
    base64: [
      'ChVrdm9ydW0vdjEvd3JpdGUucHJvdG8SCWt2b3J1bS52MSKOAgoKU2V0UmVxdWVzdBIQCgNrZXkYASABKAxSA2tleRIUCgV2YWx1ZRgCIAEoDF',
      'IFdmFsdWUSGgoIa2V5c3BhY2UYAyABKAlSCGtleXNwYWNlEioKD2lmX21vZF9yZXZpc2lvbhgEIAEoBEICMAJSDWlmTW9kUmV2aXNpb24SGwoJ',
      'aWZfYWJzZW50GAUgASgIUghpZkFic2VudBIcCgdzZXNzaW9uGAcgASgEQgIwAlIHc2Vzc2lvbhIeCghzZXF1ZW5jZRgIIAEoBEICMAJSCHNlcX',
      'VlbmNlEjUKFGZpcnN0X3VuYWNrbm93bGVkZ2VkGAkgASgEQgIwAlITZmlyc3RVbmFja25vd2xlZGdlZCKIAQoLU2V0UmVzcG9uc2USDgoCb2sY',
      'ASABKAhSAm9rEisKD2NyZWF0ZV9yZXZpc2lvbhgDIAEoBEICMAJSDmNyZWF0ZVJldmlzaW9uEhwKB3ZlcnNpb24YBSABKARCAjACUgd2ZXJzaW',
      '9uEh4KCHJldmlzaW9uGAYgASgEQgIwAlIIcmV2aXNpb24i+wEKDURlbGV0ZVJlcXVlc3QSEAoDa2V5GAEgASgMUgNrZXkSGgoIa2V5c3BhY2UY',
      'AyABKAlSCGtleXNwYWNlEioKD2lmX21vZF9yZXZpc2lvbhgEIAEoBEICMAJSDWlmTW9kUmV2aXNpb24SGwoJaWZfYWJzZW50GAUgASgIUghpZk',
      'Fic2VudBIcCgdzZXNzaW9uGAcgASgEQgIwAlIHc2Vzc2lvbhIeCghzZXF1ZW5jZRgIIAEoBEICMAJSCHNlcXVlbmNlEjUKFGZpcnN0X3VuYWNr',
      'bm93bGVkZ2VkGAkgASgEQgIwAlITZmlyc3RVbmFja25vd2xlZGdlZCJeCg5EZWxldGVSZXNwb25zZRIOCgJvaxgBIAEoCFICb2sSHAoHZGVsZX',
      'RlZBgCIAEoBEICMAJSB2RlbGV0ZWQSHgoIcmV2aXNpb24YBiABKARCAjACUghyZXZpc2lvbmIGcHJvdG8z',
    ].join(''),
  },
];
