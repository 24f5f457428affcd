# The four commands of HyperDrive's own walk-through, with `az ml` replaced by `sweep`.
# In a folder that holds my_train.py and hdconfig.yml:
sweep folder attach
sweep experiment create -n iris
sweep run submit-script -e iris -c local my_train.py
sweep run submit-hyperdrive -e iris -c local --hyperdrive-configuration-name hdconfig.yml my_train.py
