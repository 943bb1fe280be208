"""A backup.json as it is rendered, for tests that need one."""

CLOUD = {
    "endpoint": "https://10.0.0.70:7070",
    "region": "us-east-1",
    "bucket": "holdfast",
    "path": "/holdfast/0123456789abcdef",
    "pathStyle": True,
    "caFile": None,
    "keepDumps": 30,
}
SETTINGS = {
    "stanza": "dev-a",
    "nodes": ["10.0.0.11", "10.0.0.12"],
    "databases": ["shop"],
    "dataDirectory": "/data",
    "schedule": {
        "physical": "15 2 * * *",
        "incremental": "5 */4 * * *",
        "logical": "45 2 * * *",
        "drill": "30 3 * * *",
    },
    "fullEveryDays": 7,
    "keepDumps": 7,
    "tables": [],
    "seedMaxAgeSeconds": 3600,
    "queueLimitSegments": 64,
    "objectives": {
        "recoveryPointSeconds": 60,
        "recoveryTimeSeconds": 60,
        "archiveTimeoutSeconds": 30,
    },
    "cloud": None,
}
