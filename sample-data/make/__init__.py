"""The generator of sample-data/.

aws     what stands in an account, printed as `aws ec2 describe-*` prints it
flows   conversations, and what every interface on their way logs of them
world   one folder of sample-data/: cloud, flows, policy, story; how they are written
worlds  the situations
check   reads the folders again, knowing nothing of how they were made
"""
