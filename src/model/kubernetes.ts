/** The version of Kubernetes that the model is of: its sources were read, and calibration.json was measured on it. */
export const modelledKubernetes = '1.37'
