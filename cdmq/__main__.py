"""`python -m cdmq` is `cdmq`."""

from cdmq.cli import main

if __name__ == "__main__":
    main()
